// Runs lemmy-js-client, or Voyager's library, on the Node and in the folder it is installed in: does what the lines on
// standard input ask. A picture among the arguments is named by its path: {"$file": "/…/a.jpg"}.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { basename, join } from "node:path";

const name = process.argv[2];
const modules = join(process.cwd(), "node_modules");
const library = name === "threadiverse"
  ? await import(pathToFileURL(join(modules, name, "dist", "index.mjs")).href)
  : createRequire(join(modules, "here.js"))(name);
const Made = library.ThreadiverseClient ?? library.LemmyHttp;
const people = new Map();

function open({ who, options }) {
  const headers = options.token ? { Authorization: `Bearer ${options.token}` } : {};
  people.set(who, new Made(options.url, { headers }));
}

async function argument(value) {
  if (value && typeof value === "object" && !Array.isArray(value)) {
    if (value.$file) return new File([await readFile(value.$file)], basename(value.$file), { type: "image/jpeg" });
    return Object.fromEntries(await Promise.all(
      Object.entries(value).map(async ([key, one]) => [key, await argument(one)])));
  }
  return value;
}

async function call({ who, name: wanted, arguments: given }) {
  return await people.get(who)[wanted](...(await Promise.all(given.map(argument))));
}

const ways = { open, call };
for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await ways[ask.do](ask)) ?? null };
  } catch (error) {
    answer = { error: { type: error.name ?? error.constructor.name, text: `${error.name} ${error.message}` } };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
