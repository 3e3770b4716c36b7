export type As = 'moment' | 'clock' | 'second' | 'milli'
export function timeText(at: number, as: As, now: number): string
export function countdown(ms: number): string
