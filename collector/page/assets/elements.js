// Elements of the page: made once, and touched only where something changed.
// Text from the collector reaches the page only as text, never as markup.

export const byId = (id) => document.getElementById(id);

export function make(name, className = "", ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

// Only what changed is touched: a selection, a scroll position and the focus survive.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function dress(element, className) {
  if (element.className !== className) element.className = className;
}

// One child for each key, made once and kept.
export function keep(parent, kept, keys, build) {
  for (const [key, part] of kept) {
    if (!keys.includes(key)) {
      part.element.remove();
      kept.delete(key);
    }
  }
  keys.forEach((key, index) => {
    if (!kept.has(key)) kept.set(key, build(key));
    const { element } = kept.get(key);
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}

