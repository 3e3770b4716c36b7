/** One change of a preview in words, for who reads its history. */
import type { Change } from '../../../shared/store/store.ts'
import { actorWords, historyWords } from '../../words/history-words.ts'

/** What is no more than a state, a slot or a digest in the API's words. */
const sentences: Record<string, (detail: string | null) => string> = {
  ahead: () => 'its image was pulled before the first click',
  pull: () => 'the pull of its image began',
  begin: (detail) => `its container is made, ${detail}`,
  started: () => 'its container runs',
  slotTaken: (detail) => `its slot was taken, it has ${detail} now`,
  ending: () => 'its last requests have ended',
  ended: () => 'its container has stopped',
  removed: () => 'container and image are removed',
  forget: () => 'it left the list',
  unlisted: () => 'the registry does not offer it any more',
  current: () => 'the registry has no newer image',
  refresh: (digest) => (digest ? 'the registry has a newer image' : 'a newer image was asked for'),
  notRenewed: (detail) => `a newer image could not be brought here: ${detail}`,
}

export function momentWords(change: Change, tag: string): string {
  const { event, detail, state, was } = change
  const sentence = Object.hasOwn(sentences, event) ? sentences[event]!(detail) : stateWords(change, tag)
  return [sentence || (state === was ? event : state), actorWords(change)].filter(Boolean).join(' ')
}

/** `stopped: nobody used it`, for what the words of the API give only the reason of. */
function stateWords({ event, detail, state, was }: Change, tag: string): string {
  const words = historyWords(event, detail, tag)
  if (event === 'stop' && state !== was) return detail === 'asked' ? 'it was stopped' : `it is stopped: ${words}`
  return words
}
