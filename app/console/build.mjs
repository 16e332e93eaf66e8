// Bundles the pages' assets: each file right in assets/ becomes static/<name>-<hash>.<ext>, and
// static/manifest.json tells the service which name got which hash. What assets share becomes chunks of its own.
import { build } from "esbuild";
import { readdir, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = /\.(ts|css|svg)$/;
const BROWSERS = ["chrome109", "firefox115", "safari15.6"]; // the last that Windows 7 can have, and older iPads

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
const names = (await readdir("assets")).filter((name) => SOURCES.test(name));
await rm("static", { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: names.map((name) => `assets/${name}`),
  outdir: "static",
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: BROWSERS,
  loader: { ".svg": "copy", ".png": "file", ".webp": "file" },
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, output] of Object.entries(metafile.outputs)) {
  if (output.entryPoint) {
    manifest[basename(output.entryPoint).replace(/\.ts$/, ".js")] = basename(path);
  }
}
await writeFile("static/manifest.json", JSON.stringify(manifest, null, 2) + "\n");
