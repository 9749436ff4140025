// The words of the article as they stand in the form, and back into it.
const TEXTS = ["title", "text", "content_type", "summary", "tags", "language", "visibility", "slug", "warning", "comments", "community"];

/** Everything that is saved of an article, in the server's own words. */
export function wordsOf(form) {
  const found = Object.fromEntries(TEXTS.map((name) => [name, form.elements[name]?.value ?? ""]));
  const blog = form.elements.blog_id?.value;
  const { sensitive, page } = form.elements;
  const cover = form.querySelector('input[name="cover_id"]:checked')?.value;
  return {
    ...found, blog_id: blog ? Number(blog) : null, sensitive: sensitive.checked,
    page: Boolean(page?.type === "checkbox" ? page.checked : page?.value), cover_id: Number(cover) || null,
  };
}

/** Put words into the form. */
export function showWords(form, words) {
  for (const name of TEXTS) if (form.elements[name]) form.elements[name].value = words[name] ?? "";
  if (form.elements.blog_id) form.elements.blog_id.value = words.blog_id ?? "";
  form.elements.sensitive.checked = Boolean(words.sensitive);
  if (form.elements.page?.type === "checkbox") form.elements.page.checked = Boolean(words.page);
  for (const box of form.querySelectorAll('input[name="cover_id"]')) box.checked = Boolean(words.cover_id) && box.value === String(words.cover_id);
  form.elements.text.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Ids of the pictures that were sent for it. */
export const mediaOf = (form) => [...form.querySelectorAll('[data-picture-list] input[name="media_id"]')].map((input) => Number(input.value)).filter(Boolean);

export const isEmpty = (words) => !`${words.title}${words.text}${words.summary}`.trim();

export const sameWords = (one, other) => JSON.stringify(one) === JSON.stringify(other);
