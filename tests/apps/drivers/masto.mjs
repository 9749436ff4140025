// Runs masto.js on the Node and in the folder it is installed in: does what the lines on standard input ask.
// A function is named by its path; a segment that starts with $ selects: "v1/statuses/$17/favourite".

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const entry = join(process.cwd(), "node_modules", "masto", "dist", "index.js");
const { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } = await import(pathToFileURL(entry).href);

const people = new Map();

function open({ who, options }) {
  people.set(who, {
    rest: createRestAPIClient(options), oauth: createOAuthAPIClient({ url: options.url }), options, heard: [],
    streams: [],
  });
}

// The library's objects are proxies that take every property for a part of the path: functions are called in place.
function invoke({ who, name, arguments: given }) {
  const person = people.get(who);
  const [first, ...path] = name.split("/");
  let here = first === "oauth" ? person.oauth : person.rest[first];
  const last = path.pop();
  for (const segment of path) {
    here = segment.startsWith("$") ? here.$select(segment.slice(1)) : here[segment];
  }
  return here[last](...given);
}

async function call(ask) {
  return await invoke(ask);
}

async function pages(ask) {
  const found = [];
  for await (const page of invoke(ask)) {
    if (page.length > 0) found.push(page);
  }
  return found;
}

async function listen({ who, stream, parameters }) {
  const person = people.get(who);
  const client = createStreamingAPIClient({
    streamingApiUrl: parameters.base, accessToken: person.options.accessToken, retry: false,
  });
  let here = client;
  for (const segment of stream.split("/")) here = here[segment];
  const events = here.subscribe(...(parameters.tag ? [{ tag: parameters.tag }] : []));
  person.streams.push({ client, events });
  await client.prepare();
  (async () => {
    try {
      for await (const one of events) person.heard.push({ event: one.event, payload: one.payload });
    } catch (error) {
      person.heard.push({ event: "error", payload: String(error) });
    }
  })();
  await new Promise((go) => setTimeout(go, 300)); // the library does not say when the server has subscribed it
}

function heard({ who }) {
  return people.get(who).heard;
}

function hush({ who }) {
  const person = people.get(who);
  for (const { client, events } of person.streams) {
    events.unsubscribe();
    client.close();
  }
  person.streams = [];
  person.heard = [];
}

const ways = { open, call, pages, listen, heard, hush };
for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await ways[ask.do](ask)) ?? null };
  } catch (error) {
    answer = { error: { type: error.constructor.name, text: `${error.statusCode ?? ""} ${error.message}` } };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
