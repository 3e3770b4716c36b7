/** Reads a database as it lies there: makes nothing, and leaves an older schema as it is. */
import fs from 'node:fs'
import Database from 'better-sqlite3'
import type { PreviewKey } from '../preview/preview-id.ts'
import { storeFacts, type Fact, type FactName } from './facts.ts'
import type { Pulled } from './pulled.ts'
import type { ServiceImage } from './service-images.ts'

export interface KeptRows {
  containers: (PreviewKey & { container: string })[]
  /** The numbers of its sandboxes. */
  sandboxes: number[]
  pulled: Pulled[]
  serviceImages: ServiceImage[]
}

/** @returns undefined where there is no database @throws when it cannot be read */
export function keptRows(file: string): KeptRows | undefined {
  return read(file, (db) => {
    return {
      containers: db
        .prepare<[], PreviewKey & { container: string }>(
          'SELECT repository, tag, container FROM generation WHERE container IS NOT NULL',
        )
        .all(),
      sandboxes: db.prepare<[], number>('SELECT number FROM sandbox').pluck().all(),
      pulled: db.prepare<[], Pulled>('SELECT repository, tag, id, reference, digest FROM pulled').all(),
      // A Lotan before stacks has no such table.
      serviceImages: db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'service_image'").get()
        ? db.prepare<[], ServiceImage>('SELECT id, image, digest FROM service_image').all()
        : [],
    }
  })
}

/** @returns undefined where there is no database @throws when it cannot be read */
export function keptFact<N extends FactName>(file: string, name: N, repository?: string): Fact<N> | undefined {
  return read(file, (db) => storeFacts(db).facts.get(name, repository))
}

function read<T>(file: string, use: (db: Database.Database) => T): T | undefined {
  if (!fs.existsSync(file) || fs.statSync(file).size === 0) return undefined
  const db = new Database(file, { readonly: true, timeout: 5_000 })
  try {
    return use(db)
  } finally {
    db.close()
  }
}
