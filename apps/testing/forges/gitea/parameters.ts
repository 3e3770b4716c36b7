/** The routes of Gitea's API that the stand-in has, below a repository: templates/swagger/v1_json.tmpl of Gitea's sources. */
import type { Route } from '../parameters.ts'

const pages = ['page', 'limit']

export const routes: Record<string, Route> = {
  'GET ': {},
  'GET pulls': { query: ['state', 'sort', 'milestone', 'labels', ...pages] },
  'GET pulls/N': {},
  'GET pulls/N/commits': { query: ['verification', 'files', ...pages] },
  'GET git/commits/SHA': { query: ['stat', 'verification', 'files'] },
  // All at once: this one has no pages.
  'GET issues/N/comments': { query: ['since', 'before'] },
  'POST issues/N/comments': { body: ['body!', 'updated_at'] },
  'PATCH issues/comments/N': { body: ['body!', 'updated_at'] },
  'POST statuses/SHA': { body: ['context', 'description', 'state', 'target_url'] },
}
