// Requests to our own server: htmx with the CSRF token, the pressed button's address, and a word when one fails.
import htmx from "htmx.org";
import { toast, toastText } from "./toast.js";

// The name under which the server looks for the token of <meta name="csrf-token">.
const CSRF_HEADER = "x-csrf-token";

const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Headers by which the server knows that a request comes from its own page. */
export const csrfHeaders = () => ({ [CSRF_HEADER]: csrfToken() });

/** Let htmx find its attributes in elements that a script has added. */
export const adopt = (element) => htmx.process(element);

/** Draw an element anew from HTML, in place: what is open, playing, chosen or in focus stays so. */
export const redraw = (element, html) => htmx.swap({ sourceElement: element, target: element, text: html, swap: "outerMorph" });

/** POST a JSON value; gives the JSON answer. Throws Error with the server's own words if it refuses. */
export async function postJson(url, value) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", [CSRF_HEADER]: csrfToken() },
    body: JSON.stringify(value),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || answer.detail || toastText("failed"));
  return answer;
}

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  request.headers[CSRF_HEADER] = csrfToken();
  // One form carries a whole row of actions; htmx itself reads formaction only in boosted forms.
  const address = request.submitter?.getAttribute("formaction");
  if (address) request.action = address;
});

document.addEventListener("htmx:response:error", () => toast(toastText("failed")));
document.addEventListener("htmx:error", () => toast(toastText("failed")));
