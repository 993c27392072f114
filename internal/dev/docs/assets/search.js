// Search: finds the sections that have all words, in search-index.js, which it loads when it is first used.
"use strict";
const root = document.currentScript.src;
const form = document.querySelector("form.search"), input = form.querySelector("input");
const found = form.querySelector("ul"), count = form.querySelector("[role=status]");
let sections, loading = false;

window.searchIndex = all => {
  sections = all.map(s => ({...s, low: s.text.toLowerCase(), title: (s.page + " " + s.heading).toLowerCase()}));
  show();
};

function load() {
  if (loading) return;
  loading = true;
  const script = document.createElement("script");
  script.src = new URL("search-index.js", root);
  document.head.append(script);
}

// Words of a heading weigh more than those of the text below it.
function find(words) {
  const score = s => words.reduce((sum, w) => sum + (s.title.includes(w) ? 10 : 0) + Math.min(s.low.split(w).length - 1, 5), 0);
  return sections.filter(s => words.every(w => s.title.includes(w) || s.low.includes(w)))
    .map(s => [score(s), s]).sort((a, b) => b[0] - a[0]).map(([, s]) => s);
}

// The text around the first word, with the words marked.
function excerpt(s, words) {
  const p = document.createElement("p");
  const first = Math.min(...words.map(w => s.low.indexOf(w)).filter(i => i >= 0), s.text.length);
  const at = first > 50 && first < s.text.length ? s.text.lastIndexOf(" ", first - 50) + 1 : 0;
  const end = s.text.indexOf(" ", at + 160);
  const text = (at ? "… " : "") + s.text.slice(at, end < 0 ? s.text.length : end);
  const any = new RegExp("(" + words.map(w => w.replace(/[^\p{L}\p{N}]/gu, "\\$&")).join("|") + ")", "iu");
  text.split(any).forEach((part, i) => {
    const node = i % 2 ? document.createElement("mark") : document.createElement("span");
    node.textContent = part;
    p.append(node);
  });
  return p;
}

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  found.hidden = !words.length || !sections;
  if (found.hidden) { count.textContent = ""; return; }
  const all = find(words);
  count.textContent = all.length === 1 ? "1 section found" : all.length + " sections found";
  found.replaceChildren(...all.slice(0, 12).map(s => {
    const li = document.createElement("li"), a = document.createElement("a");
    a.href = new URL(s.to, root);
    a.textContent = s.heading === s.page ? s.page : s.page + " › " + s.heading;
    li.append(a, excerpt(s, words));
    return li;
  }));
  if (!all.length) found.append(Object.assign(document.createElement("li"), {textContent: "Nothing has all of these words."}));
}

function move(event, by) {
  const links = [input, ...found.querySelectorAll("a")], next = links[links.indexOf(document.activeElement) + by];
  if (next) next.focus();
  event.preventDefault();
}

form.hidden = false;
form.addEventListener("submit", event => { event.preventDefault(); found.querySelector("a")?.click(); });
input.addEventListener("focus", load);
input.addEventListener("input", show);
form.addEventListener("keydown", event => {
  if (event.key === "ArrowDown") move(event, 1);
  if (event.key === "ArrowUp") move(event, -1);
  if (event.key === "Escape") { input.value = ""; show(); input.focus(); }
});
document.addEventListener("click", event => { if (!form.contains(event.target)) found.hidden = true; });
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
  event.preventDefault();
  input.focus();
});
