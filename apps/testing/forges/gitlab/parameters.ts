/** The routes of GitLab's REST API that the stand-in has, below a project: lib/api of GitLab's sources. */
import type { Route } from '../parameters.ts'

const pages = ['page', 'per_page']

export const routes: Record<string, Route> = {
  'GET ': {},
  'GET merge_requests': { query: ['state', 'order_by', 'sort', ...pages] },
  'GET merge_requests/N': {},
  'GET merge_requests/N/notes': { query: ['order_by', 'sort', 'activity_filter', ...pages] },
  'POST merge_requests/N/notes': { body: ['body!'] },
  'PUT merge_requests/N/notes/N': { body: ['body!'] },
  'GET repository/commits/SHA': { query: ['stats'] },
  'GET repository/merge_base': { query: ['refs[]'] },
  'GET repository/compare': { query: ['from', 'to', 'straight'] },
  'POST statuses/SHA': { body: ['state!', 'ref', 'name', 'context', 'target_url', 'description', 'pipeline_id'] },
  'GET deployments': { query: ['order_by', 'sort', 'environment', 'status', ...pages] },
  'GET deployments/N': {},
  'POST deployments': { body: ['environment!', 'sha!', 'ref!', 'tag!', 'status!'] },
  'PUT deployments/N': { body: ['status!'] },
  'PUT environments/N': { body: ['external_url', 'description', 'tier'] },
  'POST environments/N/stop': { body: ['force'] },
  'DELETE environments/N': {},
}
