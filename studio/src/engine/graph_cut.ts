// An ONNX model cut in two at one of its tensors, by the bytes of its file, as `emospec.graph_cut` does it. The file is
// a message of Protocol Buffers: fields one after the other, each a number, a kind and a value.

const VARINT = 0; // kinds of values; any other than these three has four bytes
const FIXED64 = 1;
const BYTES = 2;
const GRAPH = 7; // of a model
const [NODE, CONSTANT, INPUT, OUTPUT, SHAPES] = [1, 5, 11, 12, 13]; // of a graph
const [NODE_INPUT, NODE_OUTPUT, CONSTANT_NAME, VALUE_NAME, VALUE_TYPE] = [1, 2, 8, 1, 2];

interface Field {
  number: number;
  value: Uint8Array;
  whole: Uint8Array;
}

/** Two models: from the inputs of a graph to one tensor, and from that tensor to its outputs. */
export interface Halves {
  tensor: string;
  before: Uint8Array;
  after: Uint8Array;
}

/** Cut a model behind the nodes whose outputs begin with `prefix`; null if not one tensor leads from them to the rest. */
export function cutBehind(model: Uint8Array, prefix: string): Halves | null {
  const fields = fieldsOf(model);
  const graph = fields.filter(({ number }) => number === GRAPH).flatMap(({ value }) => fieldsOf(value));
  const leading = graph.filter((field) => nameOf(field).startsWith(prefix));
  const behind = graph.filter((field) => !leading.includes(field) && field.number !== INPUT && field.number !== SHAPES);
  const wanted = behind.filter(({ number }) => number === NODE).flatMap((node) => textsIn(node, NODE_INPUT));
  const [tensor, ...others] = new Set(wanted.filter((name) => name.startsWith(prefix)));
  if (tensor === undefined || others.length) return null;
  const inputs = graph.filter(({ number }) => number === INPUT);
  const rest = fields.filter(({ number }) => number !== GRAPH).map(({ whole }) => whole);
  const modelOf = (parts: Uint8Array[]) => joined([...rest, message(GRAPH, joined(parts))]);
  return {
    tensor,
    before: modelOf([...[...leading, ...inputs].map(({ whole }) => whole), floats(OUTPUT, tensor)]),
    after: modelOf([floats(INPUT, tensor), ...behind.map(({ whole }) => whole)]),
  };
}

/** What a node or a constant is called. */
function nameOf(field: Field): string {
  if (field.number === NODE) return textsIn(field, NODE_OUTPUT)[0] ?? "";
  return field.number === CONSTANT ? (textsIn(field, CONSTANT_NAME)[0] ?? "") : "";
}

function textsIn(field: Field, number: number): string[] {
  const texts = fieldsOf(field.value).filter((each) => each.number === number);
  return texts.map(({ value }) => new TextDecoder().decode(value));
}

/** An input or output of a graph: a tensor of floats of any shape. */
function floats(number: number, name: string): Uint8Array {
  const type = message(1, new Uint8Array([(1 << 3) | VARINT, 1]));
  return message(number, joined([message(VALUE_NAME, new TextEncoder().encode(name)), message(VALUE_TYPE, type)]));
}

function message(number: number, value: Uint8Array): Uint8Array {
  return joined([varint((number << 3) | BYTES), varint(value.length), value]);
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const [key, start] = varintAt(bytes, at);
    const [from, to] = extentOf(bytes, key & 7, start);
    fields.push({ number: key >> 3, value: bytes.subarray(from, to), whole: bytes.subarray(at, to) });
    at = to;
  }
  return fields;
}

/** Where a value begins and ends. */
function extentOf(bytes: Uint8Array, kind: number, start: number): [number, number] {
  if (kind === VARINT) return [start, varintAt(bytes, start)[1]];
  if (kind !== BYTES) return [start, start + (kind === FIXED64 ? 8 : 4)];
  const [length, from] = varintAt(bytes, start);
  return [from, from + length];
}

/** The number that begins at a place, seven bits a byte, lowest first, and the place after it. */
function varintAt(bytes: Uint8Array, at: number): [number, number] {
  let [value, scale, place] = [0, 1, at];
  for (; bytes[place] > 127; place++, scale *= 128) value += (bytes[place] & 127) * scale;
  return [value + bytes[place] * scale, place + 1];
}

function varint(value: number): Uint8Array {
  const parts: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) parts.push((left & 127) | 128);
  return new Uint8Array([...parts, left]);
}

function joined(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
