// How long a text is: words, and minutes to read them, as the server counts (text/longform.py).
const IDEOGRAPH = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]/g;
const WORD = /[\p{L}\p{N}\p{M}]+(?:['\u2019-][\p{L}\p{N}\p{M}]+)*/gu;
const ADDRESS = /(\])\([^()\s]*\)/g; // of links and pictures in Markdown
const TAG = /<[^<>]*>/g;
const A_MINUTE = 230;

/** Scripts without spaces count two characters as one word. */
export function countWords(source) {
  const text = source.replace(ADDRESS, "$1").replace(TAG, " ");
  const rest = text.replace(IDEOGRAPH, " ");
  return (rest.match(WORD)?.length ?? 0) + Math.floor((text.match(IDEOGRAPH)?.length ?? 0) / 2);
}

export const minutesFor = (words) => Math.max(1, Math.round(words / A_MINUTE));

/** Show both, a moment after the text has changed. */
export function startCounting(form) {
  const text = form.elements.text;
  const words = form.querySelector("[data-writing-words]");
  const minutes = form.querySelector("[data-writing-minutes]");
  let timer = 0;
  const count = () => {
    const found = countWords(text.value);
    words.textContent = found.toLocaleString(document.documentElement.lang);
    minutes.textContent = found ? minutesFor(found) : 0;
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(count, 200); });
  count();
}
