export interface Run {
  text: string
  classes: string
  mark?: true
}
export interface Style {
  fg: number | null
  bg: number | null
  flags: string
}
export type Severity = 'err' | 'wrn' | ''
export const MOST_CHARACTERS: number
export const noStyle: Style
export function paint(line: string, style?: Style): { runs: Run[]; style: Style }
export function textOf(runs: Run[]): string
export function severityOf(text: string, before?: Severity): Severity
export function mark(runs: Run[], wanted: string): { runs: Run[]; found: number }
export function timed(line: string): { time: string | null; text: string }
