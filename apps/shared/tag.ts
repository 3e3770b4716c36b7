/**
 * A rule and its inverse ("Tags and hosts" in docs/behaviour.md). Most tags live at themselves: `pr-3001`, and `1.9.5`
 * at `1_9_5` (untransliterated at the labels `1.9.5`); `pr-7` of the repository `api` at `pr-7.api`, or in the flat form
 * at `pr-7--in-api`. What is derived from a preview has a piece behind the tag: the service `mail` of its stack
 * `pr-7--to-mail`, its copy `anna` `pr-7--as-anna`, and that one's service `pr-7--as-anna--to-mail`; so hosts are read
 * from the right. What would not come back from its own host (capitals, `1_9_5` beside `1.9.5`, over 63 characters, a
 * tag with a piece in it) lives at `SLUG-HASH8`. The hash's last two characters check the rest, so such a label is
 * recognised by its form; what happens to have that form is moved too. Six characters (31 bits) tell tags of the same
 * slug apart: of 10 000 tags with the same first 54 characters two collide in one repository of fifty. A host of two
 * stands for neither (`store.previewAt`, `store.services.at`).
 */
import { createHash } from 'node:crypto'
import { copyOf, idOf, NAMELESS, splitCopy, splitId, type PreviewId, type Tag } from './preview/preview-id.ts'

export type { Tag }

export interface Naming {
  domain: string
  transliterate: boolean
  hostForm: HostForm
  /** Those that hosts may stand for, by name. */
  repositories: readonly { name: string }[]
}

/** `nested`: `TAG.NAME.TL_DOMAIN`; `flat`: `TAG--in-NAME.TL_DOMAIN`, which a certificate for `*.TL_DOMAIN` covers. */
export type HostForm = 'nested' | 'flat'

/** What a host stands for: an application, or a service of its stack. */
export interface Subject {
  id: PreviewId
  service: string | null
}

/** RFC 1035, 2.3.4: characters in one label, and in a name without its final dot. */
const LABEL_LENGTH = 63
const HOST_LENGTH = 253
/** `-` and 8 digits or letters. */
const HASH_LENGTH = 9

/** What else may be derived from a preview; `--at-` is reserved. */
const PIECE = /--(?:to|as|in|at)-/
const TO = /^(.*)--to-([a-z][a-z0-9]{0,19})$/
const AS = /^(.*)--as-([a-z0-9]+(?:-[a-z0-9]+)*)$/

/** By the distribution specification. */
export const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

export function isTag(text: string): text is Tag {
  return TAG.test(text)
}

/** cosign's signatures and attestations, and the specification's referrers for registries without that API. */
export function isArtifact(tag: Tag): boolean {
  return /^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$/.test(tag)
}

/**
 * One label, or several where dots are kept. Previews of a named repository have its name in theirs, or below it.
 * @param service of its stack: the label of the second host
 */
export function labelOf(id: PreviewId, naming: Naming, service: string | null = null): string {
  const { repository, tag } = splitId(id)
  const { original, copy } = splitCopy(tag)
  const [piece, below] = endsOf(repository, naming)
  const label = write(original, naming) + copyPiece(copy) + servicePiece(service) + piece
  const isOwn = isSame(subjectAt(label + below, naming), { id, service }) && !isHashed(label)
  const room = HOST_LENGTH - `${below}.${naming.domain}`.length
  return (isOwn ? label : hashed({ id, service }, Math.min(LABEL_LENGTH, room))) + below
}

export function hostOf(id: PreviewId, naming: Naming, service: string | null = null): string {
  return `${labelOf(id, naming, service)}.${naming.domain}`
}

/** The domains below which previews live: one wildcard, of DNS or of a certificate, for each. */
export function parentsOf({ repositories, hostForm, domain }: Omit<Naming, 'transliterate'>): string[] {
  const parents = repositories.map(({ name }) =>
    name === NAMELESS || hostForm === 'flat' ? domain : `${name}.${domain}`,
  )
  return [...new Set(parents)]
}

/**
 * Case, port and final dot do not count. @returns null for a host that is not below the domain. `id` and `service`: what
 * it stands for unless what is known lives at the label (`store.previewAt`, `store.services.at`); an `id` of null where
 * it can stand for nothing
 */
export function readHost(
  host: string,
  naming: Naming,
): { label: string; id: PreviewId | null; service: string | null } | null {
  const name = host
    .replace(/:\d*$/, '')
    .replace(/\.$/, '')
    // toLowerCase would turn the Kelvin sign into an ASCII k.
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  if (!name.endsWith(`.${naming.domain}`)) return null
  const label = name.slice(0, -naming.domain.length - 1)
  if (!label) return null
  return { label, ...(subjectAt(label, naming) ?? { id: null, service: null }) }
}

function subjectAt(whole: string, naming: Naming): Subject | null {
  const named = naming.repositories.filter(({ name }) => name !== NAMELESS)
  const found = named.find(({ name }) => whole.endsWith(endsOf(name, naming).join('')))
  const repository = found?.name ?? NAMELESS
  if (!naming.repositories.some(({ name }) => name === repository)) return null
  const [piece, below] = endsOf(repository, naming)
  const label = whole.slice(0, whole.length - below.length)
  if (!isHostLabel(label, below, naming)) return null

  const derived = label.slice(0, label.length - piece.length)
  const [, whose = derived, service = null] = TO.exec(derived) ?? []
  const [, original = whose, copy = null] = AS.exec(whose) ?? []
  const tag = read(original, naming)
  if (!isTag(tag) || PIECE.test(tag)) return null
  return { id: idOf({ repository, tag: copy === null ? tag : copyOf(tag, copy) }), service }
}

function isSame(a: Subject | null, b: Subject): boolean {
  return a !== null && a.id === b.id && a.service === b.service
}

/** What follows the tag and its other pieces: in the label, and between the label and the domain. */
function endsOf(repository: string, { hostForm }: Naming): [piece: string, below: string] {
  if (repository === NAMELESS) return ['', '']
  return hostForm === 'flat' ? [`--in-${repository}`, ''] : ['', `.${repository}`]
}

function copyPiece(copy: string | null): string {
  return copy === null ? '' : `--as-${copy}`
}

function servicePiece(service: string | null): string {
  return service === null ? '' : `--to-${service}`
}

function write(tag: string, { transliterate }: Naming): string {
  return transliterate ? tag.replace(/(?<=\d)\.(?=\d)/g, '_') : tag
}

function read(label: string, { transliterate }: Naming): string {
  return transliterate ? label.replace(/(?<=\d)_(?=\d)/g, '.') : label
}

function isHostLabel(label: string, below: string, { transliterate, domain }: Naming): boolean {
  const labels = transliterate ? [label] : label.split('.')
  return label.length + below.length + 1 + domain.length <= HOST_LENGTH && labels.every(isLabel)
}

/** Browsers decode a label that begins with `xn--`, and refuse it where that fails. */
function isLabel(label: string): boolean {
  return label.length <= LABEL_LENGTH && /^(?!xn--)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)
}

/** The hash covers the repository's name and the service's too. @param most characters */
function hashed({ id, service }: Subject, most: number): string {
  const { original, copy } = splitCopy(splitId(id).tag)
  const slug =
    `${original}${copyPiece(copy)}${servicePiece(service)}`
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-/, '')
      .slice(0, most - HASH_LENGTH)
      .replace(/-$/, '') || 'tag'
  // No tag has a plus sign.
  const start = `${slug}-${digest(service === null ? id : `${id}+${service}`, 6)}`
  return start + digest(start, 2)
}

function isHashed(label: string): boolean {
  return /^[a-z0-9-]+-[0-9a-z]{8}$/.test(label) && label.endsWith(digest(label.slice(0, -2), 2))
}

function digest(text: string, length: number): string {
  const number = createHash('sha256').update(text).digest().readBigUInt64BE()
  return (number % 36n ** BigInt(length)).toString(36).padStart(length, '0')
}
