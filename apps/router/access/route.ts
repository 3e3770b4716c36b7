import type { Request, Response } from 'express'
import type { Scope } from './caller.ts'

export interface Route {
  /** A GET answers HEAD too. */
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  needs: Scope
  /** For a GET; all other methods change something anyway. */
  changes?: true
  /** Without one the body is not read. `bytes`: as it was sent, for its signature. `limit` in bytes; nginx has a limit of its own (shared/admin-locations.ts). */
  body?: { type: 'form' | 'json' | 'bytes'; limit: number }
  handle: (req: Request, res: Response) => unknown
}

export function changesSomething({ method, changes }: Route): boolean {
  return method !== 'GET' || changes === true
}

export function allowOf(rows: readonly Route[]): string {
  const methods = rows.map(({ method }) => method)
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
}
