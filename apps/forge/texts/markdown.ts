/** Text that others chose, in a comment: it makes no markup, and calls nobody. Pure. */

/** A name in code: no backtick, no line's end. Nobody is mentioned in code. */
export function code(text: string): string {
  return `\`${text.replace(/[`\s\0]+/g, ' ').trim()}\``
}

/** Words in a sentence. `@` and `#` would call people and link other changes. */
export function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>()!|~$&]/g, (character) => `&#${character.codePointAt(0)};`)
    .replace(/[@#]/g, (character) => `&#${character.codePointAt(0)};`)
}

/** @param url of Lotan's or the forge's own */
export function link(text: string, url: string): string {
  return `[${text}](${address(url)})`
}

export function picture(words: string, url: string): string {
  return `![${words}](${address(url)})`
}

function address(url: string): string {
  return url.replace(/[()\s<>\\]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
