// media-chrome writes <style> elements into its shadow roots, which our content policy refuses like any inline style.
// Style sheets made by a script are allowed: here the one becomes the other. Import this before media-chrome.
const STYLE = /<style([^>]*)>([^]*?)<\/style>/gi;
// For buttons it also writes the shadow tree of a tooltip, which the tooltip makes by itself anyway.
const DECLARED = /<template shadowrootmode[^]*?<\/template>/gi;

const { get, set } = Object.getOwnPropertyDescriptor(ShadowRoot.prototype, "innerHTML");
const look = ShadowRoot.prototype.querySelectorAll;

function write(root, html) {
  const made = [];
  const rest = String(html).replace(DECLARED, "").replace(STYLE, (_whole, attributes, css) => {
    const sheet = new CSSStyleSheet({ media: /media="([^"]*)"/.exec(attributes)?.[1] ?? "" });
    sheet.replaceSync(css);
    made.push(sheet);
    return "";
  });
  set.call(root, rest);
  if (!made.length) return;
  root.adoptedStyleSheets = made;
  // It looks for its own <style> elements to change single rules while it plays.
  const changeable = made.filter((sheet) => !sheet.media.length).map((sheet) => ({ sheet }));
  root.querySelectorAll = (selector) => (selector.startsWith("style") ? changeable : look.call(root, selector));
}

Object.defineProperty(ShadowRoot.prototype, "innerHTML", {
  configurable: true, get, set(html) { write(this, html); },
});
if ("setHTMLUnsafe" in ShadowRoot.prototype) {
  ShadowRoot.prototype.setHTMLUnsafe = function setHTMLUnsafe(html) { write(this, html); };
}
