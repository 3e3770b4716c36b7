import type { SessionEnd } from '../../apps/shared/shell/session-kind.ts'

export function endWords(end: SessionEnd, known: { idle: string; preview: string }): string
export function brokenWords(broken: { again: number; left: number | null }): string
export const lostWords: string
