import { inWords } from '../../../shared/disk-space.ts'

/** `–` where it is not known. */
export function inBytes(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined ? '–' : inWords(bytes)
}
