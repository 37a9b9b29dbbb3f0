// Write beside the built page what it was built from, so that a test without Node can tell whether both belong
// together: SHA-256 of the sources (paths and bytes) and of each built file.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PAGE = "../src/emospec/web/page";
const SOURCES = [
  "index.html",
  "package.json",
  "package-lock.json",
  "public",
  "scripts",
  "src",
  "tsconfig.json",
  "vite.config.ts",
];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** All files below a path, their names with slashes, in the order of their UTF-8 bytes. */
function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(`${path}/${name}`));
}

const inOrder = (paths) => paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** The hash of a listing as sha256sum prints it. */
function hashOf(paths) {
  return sha256(
    inOrder(paths)
      .map((path) => `${sha256(readFileSync(path))}  ${path}\n`)
      .join(""),
  );
}

/** Name, version and licence of each package that can be part of the page. */
function licences() {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path && !dev);
  return shipped.map(([path, { version, license }]) => {
    const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(`${path}/${file}`, "utf8").trim() : `See its page in the npm registry.`;
    return `${path.slice("node_modules/".length)} ${version} (${license})\n\n${text}\n`;
  });
}

writeFileSync(
  join(PAGE, "LICENSES.txt"),
  `This page contains parts of these packages.\n\n${licences().join("\n---\n\n")}`,
);

const built = inOrder(filesOf(PAGE).map((path) => path.slice(PAGE.length + 1))).filter((path) => path !== "build.json");
const files = Object.fromEntries(built.map((path) => [path, sha256(readFileSync(join(PAGE, path)))]));
const build = { sources: hashOf(SOURCES.flatMap(filesOf)), files };
writeFileSync(join(PAGE, "build.json"), `${JSON.stringify(build, null, 2)}\n`);
console.log(`${built.length} files, sources ${build.sources.slice(0, 12)}`);
