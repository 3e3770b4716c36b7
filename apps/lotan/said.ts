/** What nginx says by itself, where it cannot ask the router: as a page, and as a problem. */
import path from 'node:path'
import ejs from 'ejs'
import type { Config } from '../shared/config.ts'
import { problemOf } from '../shared/problem.ts'

const template = path.resolve(import.meta.dirname, '../../nginx/said.html.ejs')

/** All of it, ready to stand between single quotes in nginx's configuration. */
export async function sayings({ domain }: Pick<Config, 'domain'>) {
  const restarting = 'Lotan is restarting'
  return {
    nobody: {
      status: 503,
      page: await page(restarting, 'Previews that run keep running. This page tries again by itself every 2 s.', 2),
      // To load this page again would be to ask for another thing than was sent.
      form: await page(restarting, 'What you sent has perhaps not arrived. Go back, look, and send it again.'),
      problem: problem(503, 'Lotan is restarting: the router does not answer just now. Try again in 2 s.'),
    },
    heavy: {
      status: 431,
      page: await page(
        'Too many cookies',
        `Your browser sends more cookies with this address than any server takes. A page of one of the previews may have set them for all of ${domain}. Load this page again. If it stays like this, clear the cookies of ${domain} in your browser’s settings.`,
      ),
      problem: problem(
        431,
        'The headers of this request are larger than anything Lotan passes on: 1 MB each, 2 MB in all.',
      ),
    },
    large: {
      status: 413,
      page: await page('Too large', 'What you sent is larger than anything Lotan takes.'),
      problem: problem(413, 'The body is larger than anything Lotan takes.'),
    },
    reserved: {
      status: 404,
      problem: problem(404, 'Paths below /.lotan/ are Lotan’s own; this is none of them.'),
    },
  }
}

/** @param again after how many seconds it loads itself again */
async function page(heading: string, sentence: string, again = 0): Promise<string> {
  return quoted(await ejs.renderFile(template, { heading, sentence, again }))
}

function problem(status: number, detail: string): string {
  return quoted(JSON.stringify(problemOf(status, detail)))
}

function quoted(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .replace(/[\\']/g, '\\$&')
}
