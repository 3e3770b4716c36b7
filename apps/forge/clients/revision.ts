/** The commit that an image says it was built from, or its first digits. Undefined: it is a version, a branch, anything. */
export function revisionOf(label: string): string | undefined {
  const text = label.toLowerCase()
  return /^[0-9a-f]{7,64}$/.test(text) ? text : undefined
}
