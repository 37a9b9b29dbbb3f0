"use strict";
// Draws the API's description, and lets people try it. All text goes in as text, never as HTML.

const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function table(heads, rows) {
  const line = (cell) => (cells) => element("tr", {}, ...cells.map((text) => element(cell, {}, text)));
  return element("table", {}, element("thead", {}, line("th")(heads)), element("tbody", {}, ...rows.map(line("td"))));
}

function resolve(api, schema) {
  return schema?.$ref ? schema.$ref.slice(2).split("/").reduce((node, key) => node[key], api) : schema ?? {};
}

function typeOf(api, schema) {
  if (schema.$ref) return typeOf(api, resolve(api, schema));
  if (schema.anyOf) return schema.anyOf.map((each) => typeOf(api, each)).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(api, schema.items)}`;
  if (schema.properties) return `{${Object.keys(schema.properties).join(", ")}}`;
  if (schema.additionalProperties?.type) return `name → ${schema.additionalProperties.type}`;
  return schema.type ?? "anything";
}

function rangeOf(schema) {
  const number = schema.anyOf?.find((each) => "minimum" in each) ?? schema;
  return "minimum" in number ? `, ${number.minimum} to ${number.maximum}` : "";
}

function parameters(api, operation) {
  const rows = (operation.parameters ?? []).map(({ name, description, schema }) => [
    name,
    typeOf(api, schema) + rangeOf(schema) + ("default" in schema ? ` (${schema.default})` : ""),
    description ?? "",
  ]);
  return rows.length ? [element("h3", {}, "Query"), table(["name", "type", "meaning"], rows)] : [];
}

function body(operation) {
  if (!operation.requestBody) return [];
  const { description, content } = operation.requestBody;
  const kinds = Object.keys(content).join(", ").replace("multipart/form-data", "multipart/form-data with the field “file”");
  return [element("h3", {}, "Body"), element("p", {}, `${description} As ${kinds}.`)];
}

function answer(api, operation) {
  const schema = resolve(api, operation.responses[200]?.content?.["application/json"]?.schema);
  const rows = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, typeOf(api, each), each.description ?? ""]);
  return rows.length ? [element("h3", {}, "Answer"), table(["member", "type", "meaning"], rows)] : [];
}

function example(method, path, operation) {
  const upload = operation.requestBody ? " -F file=@speech.wav" : "";
  const key = operation.security ? ' -H "Authorization: Bearer $KEY"' : "";
  return [element("h3", {}, "Example"), element("pre", {}, `curl${upload}${key} ${location.origin}${path}`)];
}

function trial(method, path, operation) {
  const form = element("form"), shown = element("pre", { "aria-live": "polite", hidden: "" });
  if (operation.requestBody) form.append(element("label", {}, "Recording", element("input", { type: "file", name: "file", required: "" })));
  for (const { name, schema } of operation.parameters ?? [])
    form.append(element("label", {}, name, element("input", { name, size: 5, inputmode: "decimal", placeholder: schema.default ?? "" })));
  form.append(element("button", {}, "Try it"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    shown.hidden = false;
    shown.textContent = "…";
    shown.textContent = await send(method, path, new FormData(form)).catch((error) => `no answer (${error.message})`);
  });
  return [element("h3", {}, "Try it"), form, shown];
}

async function send(method, path, fields) {
  const query = new URLSearchParams([...fields].filter(([name, value]) => name !== "file" && value !== ""));
  const upload = new FormData(), key = byId("api-key").value;
  if (fields.has("file")) upload.set("file", fields.get("file"));
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const response = await fetch(`${path}?${query}`, { method, headers, body: fields.has("file") ? upload : undefined });
  const text = await response.text();
  const pretty = response.headers.get("content-type").includes("json") ? JSON.stringify(JSON.parse(text), null, 1) : text;
  return `${response.status}\n${pretty.length > 20000 ? `${pretty.slice(0, 20000)}\n…` : pretty}`;
}

function draw(api) {
  byId("version").textContent = api.info.version;
  byId("about").textContent = api.info.description;
  byId("key").addEventListener("submit", (event) => event.preventDefault());
  byId("key").hidden = !api.components.securitySchemes;
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const title = element("h2", {}, element("b", {}, method.toUpperCase()), ` ${path}`);
      const parts = [parameters(api, operation), body(operation), answer(api, operation), example(method, path, operation)];
      byId("operations").append(
        element("article", {}, title, element("p", {}, operation.description ?? operation.summary), ...parts.flat(),
          ...trial(method.toUpperCase(), path, operation)));
    }
  for (const { id, status, title } of api["x-problems"])
    byId("problems").append(element("tr", { id }, ...[id, status, title].map((text) => element("td", {}, String(text)))));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("/openapi.json").then((response) => response.json()).then(draw);
