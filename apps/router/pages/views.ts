/**
 * The views escape everything (tags, paths, reasons and output come from others) but ADMIN_WELCOME and ADMIN_INFO, the
 * operator's own markup. Visitors' pages carry styles and script inline, since a preview's host serves nothing of
 * Lotan's but `/.lotan/`. The sender decides on framing: a waiting page may stand in any frame, as its preview may.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import ejs from 'ejs'
import type { Brand } from './brand.ts'

export interface Page {
  html: string
  csp: string
}

const views = path.resolve(import.meta.dirname, '../../../views')
const read = (name: string) => fs.readFileSync(path.join(views, name), 'utf8')

export const stylesheet = read('lotan.css')
export const script = read('lotan.js')
export const listScript = read('list.js')
export const loginScript = read('login.js')
/** Of one preview's page, and the rules that it has in common with the server. */
export const previewScripts = ['preview.js', 'log-lines.js', 'times.js'].map((name) => ({ name, body: read(name) }))

const compiled = Object.fromEntries(
  fs
    .readdirSync(views)
    .filter((name) => name.endsWith('.ejs'))
    .concat('partials/row.ejs')
    .map((name) => {
      const filename = path.join(views, name)
      return [name.replace('.ejs', ''), ejs.compile(read(name), { filename, cache: true, rmWhitespace: true })]
    }),
)

/** What a waiting page needs, and what the other visitors' pages need besides. */
const waitingStyles = stylesOf('critical')
const visitorStyles = waitingStyles + stylesOf('visitors')

interface Inline {
  styles: string
  script: string
}

/** @param scripts names of files, which its page carries */
export function visitorsView(view: string, scripts: string[] = []): (model: object, brand: Brand) => Page {
  const styles = view === 'waiting' ? waitingStyles : visitorStyles
  const inline = { styles, script: scripts.map(scriptOf).join('\n') }
  return (model, brand) => forVisitors(view, { ...model, brand }, inline)
}

export function forTheAdmin(view: string, model: object, brand: Brand): Page {
  const html = compiled[view]!({ ...model, brand, nonce: null, styles: '' })
  return { html, csp: policy("'self'", "'self'", "'self' data:") }
}

/**
 * A terminal's page: it runs its own scripts alone, and speaks with its own addresses alone. Xterm writes style elements,
 * which carry a nonce (apps/lotan/install/build-terminal.ts); with trusted types no text becomes markup or script.
 */
export function forTheShell(model: object, connects: string[], brand: Brand): Page {
  const nonce = randomBytes(16).toString('base64')
  const html = compiled.shell!({ ...model, brand, nonce: null, styles: '', scriptNonce: nonce })
  const csp = policy(`'self' 'nonce-${nonce}'`, `'nonce-${nonce}'`, "'self' data:", connects.join(' '))
  return { html, csp: `${csp}; require-trusted-types-for 'script'; trusted-types 'none'` }
}

/** Of a page, for one that is open already. */
export function part(name: string, model: object): string {
  return compiled[`partials/${name}`]!(model)
}

function forVisitors(view: string, model: object, inline: Inline): Page {
  const nonce = randomBytes(16).toString('base64')
  const html = compiled[view]!({ ...model, ...inline, nonce })
  return { html, csp: policy(`'nonce-${nonce}'`, inline.script ? `'nonce-${nonce}'` : "'none'", 'data:') }
}

function policy(styles: string, scripts: string, images: string, connects = "'self'"): string {
  return [
    "default-src 'none'",
    `style-src ${styles}`,
    `script-src ${scripts}`,
    `img-src ${images}`,
    `connect-src ${connects}`,
    "form-action 'self'",
    "base-uri 'none'",
  ].join('; ')
}

function stylesOf(part: string): string {
  const [, styles = ''] = new RegExp(`/\\* ${part}:start \\*/(.*)/\\* ${part}:end \\*/`, 's').exec(stylesheet)!
  return squeezed(styles)
    .replace(/\s*([{};,>+])\s*/g, '$1')
    .replaceAll(';}', '}')
    .replaceAll(': ', ':')
}

/** Scripts have no templates, no regular expressions, and no strings but in single quotes. Lines end statements. */
function scriptOf(name: string): string {
  const [outside, within] = [/ *([=+\-*/%<>?:,;{}()&|!]) */g, /('[^'\n]*')/]
  return squeezed(read(name))
    .split(within)
    .map((piece, i) => (i % 2 ? piece.replaceAll('\\u00a0', '\u00a0') : piece.replace(outside, '$1')))
    .join('')
}

/** Smaller: every visitor's page carries it. */
function squeezed(source: string): string {
  return source
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\s*\n\s*/g, '\n')
    .trim()
}
