/** The file that LOTAN_STACK names. */
import fs from 'node:fs'
import { MOST_TEXT, readStack } from '../stack/read-stack.ts'
import { problemText } from '../stack/stack.ts'
import { quoted } from './values/value.ts'

/** @returns its text, which can be used, or what is wrong with it, for a message after the file's name */
export function readStackFile(file: string): { text: string } | { problems: string[] } {
  let text: string
  try {
    const { size } = fs.statSync(file)
    if (size > MOST_TEXT * 4) return { problems: [`is ${quoted(file)}, which is too long for a stack`] }
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    return { problems: [`is ${quoted(file)}, which cannot be read: ${(error as Error).message}`] }
  }
  const read = readStack(text)
  if ('stack' in read) return { text }
  return { problems: read.problems.map((problem) => `is ${quoted(file)}: ${problemText(problem)}`) }
}
