// @ts-check
// What do the other modules need of the page? Small questions and answers, nothing about alerts.

/** @param {string} id @returns {HTMLElement | null} */
export const byId = (id) => document.getElementById(id);

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
export const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

/** Is the person typing into something? @param {EventTarget | null} target */
export function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

/** Fetch a page of this site as a document. @param {string} url @param {RequestInit} [options] */
export async function fetchPage(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { accept: "text/html", ...(options.headers ?? {}) } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { page, url: answer.url, ok: answer.ok };
}

/** Put main, header counts and what was said of another page into this one. @param {Document} page */
export function takeOver(page) {
  for (const id of ["main", "said", "muted"]) {
    const old = byId(id);
    const next = page.getElementById(id);
    if (old && next) old.replaceWith(document.importNode(next, true));
  }
  document.title = page.title;
  document.dispatchEvent(new CustomEvent("page"));
}
