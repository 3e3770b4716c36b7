/**
 * Which host a tag lives at, and which tag a host stands for (PRODUCT.md, Hosts and tags). One rule and its inverse.
 */

export interface Naming {
  domain: string
  transliterate: boolean
}

/** Whether a text is a valid image tag, as the distribution specification has it. */
export function isTag(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text)
}
