"""The rows of the table, a file each. To add one: a file with its `ROW`, and a line in `ROWS`."""

from benchmarks.core import Row
from benchmarks.rows import accuracy, growth, images, load, log_mel, precision, predict, start, train

ROWS: dict[str, Row] = {
    module.ROW.name: module.ROW
    for module in (images, log_mel, load, train, predict, start, precision, accuracy, growth)
}
