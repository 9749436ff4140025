// Helpers that put something into the text, in Markdown or HTML, so that undo still knows about it.
const MARKDOWN = {
  bold: ["**", "**"], italic: ["*", "*"], code: ["`", "`"], link: ["[", "](https://)"],
  heading: { line: "## " }, quote: { line: "> " }, list: { line: "- " },
  table: { block: "| A | B |\n| --- | --- |\n| 1 | 2 |" },
};
const HTML = {
  bold: ["<strong>", "</strong>"], italic: ["<em>", "</em>"], code: ["<code>", "</code>"], link: ['<a href="https://">', "</a>"],
  heading: ["<h2>", "</h2>"], quote: ["<blockquote>", "</blockquote>"], list: ["<ul>\n<li>", "</li>\n</ul>"],
  table: { block: "<table>\n<tr><th>A</th><th>B</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>" },
};
const KEYS = { b: "bold", i: "italic", k: "link" };

/** Put `put` in the place of a part of the text. */
export function replaceRange(text, from, to, put) {
  const active = document.activeElement;
  text.focus();
  text.setSelectionRange(from, to);
  // Deprecated, but the only way that leaves "undo" whole; browsers without it take the other one.
  if (!document.execCommand(put ? "insertText" : "delete", false, put)) {
    text.setRangeText(put, from, to, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (active !== text && active instanceof HTMLElement) active.focus();
}

function around(text, [before, after]) {
  const { selectionStart: from, selectionEnd: to } = text;
  const chosen = text.value.slice(from, to);
  replaceRange(text, from, to, before + chosen + after);
  text.focus();
  text.setSelectionRange(from + before.length, from + before.length + chosen.length);
}

function lines(text, sign) {
  const from = text.value.lastIndexOf("\n", text.selectionStart - 1) + 1;
  const to = text.selectionEnd;
  replaceRange(text, from, to, text.value.slice(from, to).split("\n").map((line) => sign + line).join("\n"));
  text.focus();
}

/** Something that stands between blank lines, after the line where the caret is. */
export function insertBlock(text, block) {
  const end = text.value.indexOf("\n", text.selectionEnd);
  const at = end < 0 ? text.value.length : end;
  const before = text.value.slice(0, at).trim() ? "\n\n" : "";
  replaceRange(text, at, at, `${before}${block}\n`);
  return at + before.length;
}

function footnote(text, html) {
  const used = [...text.value.matchAll(html ? /id="fn(\d+)"/g : /^\[\^(\d+)\]:/gm)].map((found) => Number(found[1]));
  const number = Math.max(0, ...used) + 1;
  const at = text.selectionEnd;
  const mark = html ? `<sup id="ref${number}"><a href="#fn${number}">${number}</a></sup>` : `[^${number}]`;
  const note = html ? `<p id="fn${number}">${number}. </p>` : `[^${number}]: `;
  replaceRange(text, at, at, mark);
  const end = text.value.trimEnd().length;
  const gap = html || !used.length ? "\n\n" : "\n";
  replaceRange(text, end, text.value.length, gap + note + (html ? "\n" : ""));
  text.focus();
  const caret = end + gap.length + note.length - (html ? 4 : 0);
  text.setSelectionRange(caret, caret);
}

function insert(form, name) {
  const text = form.elements.text;
  const html = form.elements.content_type.value === "text/html";
  if (name === "footnote") { footnote(text, html); return; }
  const wanted = (html ? HTML : MARKDOWN)[name];
  if (Array.isArray(wanted)) around(text, wanted);
  else if (wanted.line) lines(text, wanted.line);
  else { insertBlock(text, wanted.block); text.focus(); }
}

/** One stop of the Tab key for the whole row; arrows go along it. */
function startRow(row) {
  const tools = [...row.querySelectorAll("button, input")];
  const only = (chosen) => tools.forEach((tool) => { tool.tabIndex = tool === chosen ? 0 : -1; });
  row.addEventListener("keydown", (event) => {
    const at = tools.indexOf(event.target);
    const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const step = { ArrowRight: forward === "ArrowRight" ? 1 : -1, ArrowLeft: forward === "ArrowLeft" ? 1 : -1 }[event.key];
    const next = event.key === "Home" ? tools[0] : event.key === "End" ? tools.at(-1) : step && tools[at + step];
    if (!next) return;
    event.preventDefault();
    only(next);
    next.focus();
  });
  row.addEventListener("focusin", (event) => only(event.target));
  only(tools[0]);
}

export function startInserting(form) {
  startRow(form.querySelector(".writing-tools"));
  for (const button of form.querySelectorAll("[data-insert]")) button.addEventListener("click", () => insert(form, button.dataset.insert));
  form.elements.text.addEventListener("keydown", (event) => {
    const name = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey ? KEYS[event.key] : undefined;
    if (!name) return;
    event.preventDefault();
    insert(form, name);
  });
}
