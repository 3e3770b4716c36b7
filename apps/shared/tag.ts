/**
 * Which host a tag lives at, and which tag a host stands for: "Tags and hosts" in docs/behaviour.md. One rule and its
 * inverse.
 *
 * Most tags live at themselves: `pr-3001`, and `1.9.5` at `1_9_5` (or, untransliterated, at the labels `1.9.5`). A tag
 * that would not come back from its own host (capitals, `1_9_5` beside `1.9.5`, more than 63 characters) lives at
 * `SLUG-HASH8`. Its last two characters check the rest, so such a label is known by its looks, and a tag that happens
 * to look like one is moved as well. Six characters (31 bits) tell tags of the same slug apart: of 10 000 that begin
 * with the same 54 characters two meet in one repository of fifty. Such a host stands for neither (`store.tagAt`), so
 * that two tags never share one.
 */
import { createHash } from 'node:crypto'

export interface Naming {
  /** Lower case, without a dot at either end. */
  domain: string
  transliterate: boolean
}

/** DNS: characters in one label, and in a whole name (RFC 1035, 2.3.4; the name without its final dot). */
const LABEL_LENGTH = 63
const HOST_LENGTH = 253
/** `-` and 8 digits or letters. */
const HASH_LENGTH = 9

/** Whether a text is a valid image tag, as the distribution specification has it. */
export function isTag(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text)
}

/**
 * Whether a tag is one that is made for what belongs to an image: its signatures, its attestations (cosign), and
 * what else refers to it (the distribution specification's referrers, where a registry does not know them).
 */
export function isArtifact(tag: string): boolean {
  return /^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$/.test(tag)
}

/** The part of a tag's host before the domain: one label, or several where dots are kept. */
export function labelOf(tag: string, naming: Naming): string {
  const label = write(tag, naming)
  return comesBack(tag, label, naming) && !isHashed(label) ? label : hashed(tag)
}

/** The host a tag lives at, without a port. */
export function hostOf(tag: string, naming: Naming): string {
  return `${labelOf(tag, naming)}.${naming.domain}`
}

/**
 * What a Host header says. Takes any text; case, a port and a final dot do not count.
 *
 * @returns null for a host that is not below the domain. Else its label, and the tag that the label stands for unless
 * known tags live there (`store.tagAt`); null where it cannot stand for one
 */
export function readHost(host: string, naming: Naming): { label: string; tag: string | null } | null {
  const name = host
    .replace(/:\d*$/, '')
    .replace(/\.$/, '')
    // Not toLowerCase, which makes an ASCII k of the Kelvin sign.
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  if (!name.endsWith(`.${naming.domain}`)) return null
  const label = name.slice(0, -naming.domain.length - 1)
  if (!label) return null
  const tag = read(label, naming)
  return { label, tag: comesBack(tag, label, naming) ? tag : null }
}

function write(tag: string, { transliterate }: Naming): string {
  return transliterate ? tag.replace(/(?<=\d)\.(?=\d)/g, '_') : tag
}

function read(label: string, { transliterate }: Naming): string {
  return transliterate ? label.replace(/(?<=\d)_(?=\d)/g, '.') : label
}

/** Whether a label is a host that gives the tag back. */
function comesBack(tag: string, label: string, naming: Naming): boolean {
  const labels = naming.transliterate ? [label] : label.split('.')
  return (
    isTag(tag) &&
    label.length + 1 + naming.domain.length <= HOST_LENGTH &&
    labels.every(isLabel) &&
    read(label, naming) === tag
  )
}

/** One label as browsers leave it. They decode what begins with `xn--`, and refuse it where that fails. */
function isLabel(label: string): boolean {
  return label.length <= LABEL_LENGTH && /^(?!xn--)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)
}

function hashed(tag: string): string {
  const slug =
    tag
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-/, '')
      .slice(0, LABEL_LENGTH - HASH_LENGTH)
      .replace(/-$/, '') || 'tag'
  const start = `${slug}-${digest(tag, 6)}`
  return start + digest(start, 2)
}

function isHashed(label: string): boolean {
  return /^[a-z0-9-]+-[0-9a-z]{8}$/.test(label) && label.endsWith(digest(label.slice(0, -2), 2))
}

/** So many digits and letters that stand for a text. */
function digest(text: string, length: number): string {
  const number = createHash('sha256').update(text).digest().readBigUInt64BE()
  return (number % 36n ** BigInt(length)).toString(36).padStart(length, '0')
}
