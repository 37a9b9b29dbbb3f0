import re

import pytest

from emospec import download
from emospec.corpora import CORPORA
from emospec.download import get_corpus
from emospec.errors import CorpusError, EmospecError


@pytest.mark.parametrize("name", sorted(CORPORA.keys() - download.SOURCES.keys()))
def test_a_corpus_that_is_not_offered_says_how_to_get_it(name, tmp_path):
    with pytest.raises(CorpusError, match=re.escape(CORPORA[name].how_to_get)):
        get_corpus(name, tmp_path)


def test_every_corpus_that_is_called_downloadable_has_a_source():
    assert {corpus.name for corpus in CORPORA.values() if corpus.downloadable} <= download.SOURCES.keys()


def test_an_unknown_corpus_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="unknown corpus 'cremad'"):
        get_corpus("cremad", tmp_path)


def test_the_home_of_nobody_is_refused():
    with pytest.raises(EmospecError, match="no such user"):
        get_corpus("emo-db", "~nosuchuser/emo-db")
