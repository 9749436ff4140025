// Runs micropub-helper on the Node and in the folder it is installed in: does what the lines on standard input ask.
// Its finder of links brings a whole browser along (jsdom); a small one stands in for it here.

import { register } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const links = `export async function relParser(url, html) {
  const found = {};
  for (const [tag] of html.matchAll(/<link [^>]*>/g)) {
    const [, rel] = /rel="([^"]*)"/.exec(tag) ?? [], [, href] = /href="([^"]*)"/.exec(tag) ?? [];
    if (rel && href) (found[rel] ??= []).push(new URL(href, url).href);
  }
  return found;
}`;
const hooks = `const links = ${JSON.stringify("data:text/javascript," + encodeURIComponent(links))};
export async function resolve(name, context, next) {
  return name === "rel-parser" ? { url: links, shortCircuit: true } : next(name, context);
}`;
register("data:text/javascript," + encodeURIComponent(hooks));

const entry = join(process.cwd(), "node_modules", "micropub-helper", "dist", "main.js");
const { Micropub } = await import(pathToFileURL(entry).href);

const people = new Map();

function open({ who, options }) {
  people.set(who, new Micropub(options));
}

// Files travel as {"file": base64, "type"}; a property is read with "options", and set with "set".
function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (value === null || typeof value !== "object") return value;
  if ("file" in value) {
    return new File([Buffer.from(value.file, "base64")], "photo", { type: value.type });
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revived(one)]));
}

async function call({ who, name, arguments: given }) {
  const person = people.get(who);
  if (name === "options") return person.options;
  if (name === "set") {
    person.options = given[0];
    return null;
  }
  return await person[name](...given.map(revived));
}

const ways = { open, call };
for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await ways[ask.do](ask)) ?? null };
  } catch (error) {
    answer = { error: { type: error.constructor.name, text: `${error.status ?? ""} ${error.message}` } };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
