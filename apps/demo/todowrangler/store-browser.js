// Keeps the list in this browser.
const key = 'todowrangler'

export function load() {
  try {
    return JSON.parse(localStorage.getItem(key))
  } catch {
    // Not readable, or forbidden: begin anew.
  }
}

export function save(items) {
  try {
    localStorage.setItem(key, JSON.stringify(items))
  } catch {
    // Storage is full or forbidden: the list lives as long as the page.
  }
}

/** Another tab changed the list. */
export function follow(changed) {
  addEventListener('storage', changed)
}
