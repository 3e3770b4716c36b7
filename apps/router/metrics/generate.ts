/** `npm run generate`. */
import fs from 'node:fs'
import path from 'node:path'
import { withMetrics } from './documents.ts'

const file = path.resolve(import.meta.dirname, '../../..', 'docs/metrics.md')
fs.writeFileSync(file, withMetrics(fs.readFileSync(file, 'utf8')))
