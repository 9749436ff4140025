// Saving on the server: one request, and what became of it in one word.
import { csrfHeaders } from "../requests.js";

const SMALL = 60_000; // bytes that a browser still sends when the page goes
const LONGEST_MS = 30_000;

async function freshToken(form) {
  const answer = await fetch("/write", { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.querySelector("form.writing")?.dataset.viewer !== form.dataset.viewer) return false;
  const token = page.querySelector('meta[name="csrf-token"]').content;
  document.querySelector('meta[name="csrf-token"]').content = token;
  form.elements._csrf.value = token;
  return true;
}

async function post(body, parting) {
  const wait = new AbortController();
  const timer = setTimeout(() => wait.abort(), LONGEST_MS);
  try {
    return await fetch("/write/save", {
      method: "POST", body, redirect: "manual", keepalive: parting && body.length < SMALL, signal: wait.signal,
      headers: { "content-type": "application/json", accept: "application/json", ...csrfHeaders() },
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Save `draft`; gives {was: "saved" | "changed" | "refused" | "signed-out" | "away", ...answer}. */
export async function ask(form, draft, parting = false) {
  const body = JSON.stringify(draft);
  try {
    let answer = await post(body, parting);
    if (answer.status === 403 && await freshToken(form)) answer = await post(body, parting);
    if (answer.type === "opaqueredirect" || answer.status === 403) return { was: "signed-out" };
    if (answer.status >= 500 || answer.status === 429) return { was: "away" };
    const told = await answer.json();
    return { was: answer.ok ? "saved" : answer.status === 409 ? "changed" : "refused", ...told };
  } catch {
    return { was: "away" };
  }
}
