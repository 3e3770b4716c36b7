/**
 * Imported into each test's process: what its tests have left open keeps no run waiting, and is named. A test that
 * leaves a server behind, as one does whose set-up failed half way, would otherwise hold up the whole run for ever.
 */
import { after } from 'node:test'

const GRACE_MS = 10_000

after(() => {
  const end = () => {
    console.error(`${process.argv[1]}: the tests have ended, and this is open still:`, process.getActiveResourcesInfo())
    process.exit(1)
  }
  setTimeout(end, GRACE_MS).unref()
})
