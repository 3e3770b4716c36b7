/** Responses without the router, each as a page and as a problem. Used by nginx/http/static-responses. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import ejs from 'ejs'
import type { Config } from '../../shared/config/config.ts'
import { problemOf } from '../../shared/api/problem.ts'

const pages = path.resolve(import.meta.dirname, '../../../nginx/pages')

/** Seconds: a router's start takes about this long, and the router's waiting page says the same. */
const RETRY_AFTER = 2

const refusals: [number, string, string][] = [
  [400, 'Not understood', 'The request cannot be read: its line, its headers or its body are not well formed.'],
  [405, 'Not this way', 'No request with this method is taken.'],
  [408, 'Too slow', 'The request took too long to arrive.'],
  [411, 'No length', 'The request has to say how long its body is.'],
  [413, 'Too large', 'The body is larger than anything Lotan takes.'],
  [414, 'Too long', 'The address is longer than anything Lotan takes.'],
  [421, 'Another host', 'The request is for another host than this connection.'],
  [500, 'Lotan could not answer', 'Something is wrong with Lotan. The log of nginx says more.'],
  [501, 'Not understood', 'The body is encoded in a way that is not known here.'],
  [503, 'Too many at once', 'More is asked than can be answered at once. Send it again in a few seconds.'],
  [505, 'Not understood', 'The request is in a version of HTTP that is not spoken here.'],
]

/** Escaped for single quotes in nginx's configuration. */
export async function staticResponses({ domain }: Pick<Config, 'domain'>) {
  const restarting = 'Lotan is restarting'
  return {
    routerDown: {
      status: 503,
      retryAfter: RETRY_AFTER,
      page: await page(
        restarting,
        `Previews that run keep running. This page tries again by itself every ${RETRY_AFTER} s.`,
        {
          again: RETRY_AFTER,
        },
      ),
      // No reload: it would send a GET instead of the form.
      form: await page(restarting, 'What you sent has perhaps not arrived. Go back, look, and send it again.'),
      problem: problem(503, `Lotan is restarting: the router does not answer just now. Try again in ${RETRY_AFTER} s.`),
    },
    tooManyCookies: {
      status: 431,
      page: await page(
        'Too many cookies',
        `Your browser sends more cookies with this address than any server takes. A page of one of the previews may have set them for all of ${domain}. Clear the cookies of ${domain} in your browser’s settings, and load this page again.`,
        { script: await cookieRemover() },
      ),
      problem: problem(
        431,
        'The headers of this request are larger than anything Lotan passes on: 30 kB of cookies, 32 kB of any other, 64 kB of all while a preview wakes.',
      ),
    },
    nginxErrors: await Promise.all(
      refusals.map(async ([status, heading, sentence]) => ({
        status,
        page: await page(heading, sentence),
        problem: problem(status, sentence),
      })),
    ),
    reserved: {
      status: 404,
      problem: problem(404, 'Paths below /.lotan/ are Lotan’s own; this is none of them.'),
    },
  }
}

interface Script {
  text: string
  hash: string
}

/** @param more.again reload after this many seconds */
async function page(
  heading: string,
  sentence: string,
  more: { again?: number; script?: Script } = {},
): Promise<string> {
  return quoted(
    await ejs.renderFile(path.join(pages, 'static-response.html.ejs'), {
      heading,
      sentence,
      again: 0,
      script: undefined,
      ...more,
    }),
  )
}

async function cookieRemover(): Promise<Script> {
  const text = tight(await fs.readFile(path.join(pages, 'too-many-cookies.js'), 'utf8'))
  return { text, hash: `sha256-${createHash('sha256').update(text).digest('base64')}` }
}

function problem(status: number, detail: string): string {
  return quoted(JSON.stringify(problemOf(status, detail)))
}

function quoted(text: string): string {
  return tight(text).replace(/[\\']/g, '\\$&')
}

/** nginx takes at most 4 kB for one text. */
function tight(text: string): string {
  return text.replace(/\s*\n\s*/g, '\n').trim()
}
