// The editor of articles; what it needs is loaded only where there is one.
export function startWriting() {
  const form = document.querySelector("form.writing");
  if (form) import("./writing/start.js").then(({ start }) => start(form));
}
