import type { ProblemName } from '../shared/api/problems.ts'

/** Why somebody does not come in: the sentence is for them, and says what they can do. */
export class NoEntry extends Error {
  readonly problem: ProblemName

  constructor(problem: ProblemName, sentence: string) {
    super(sentence)
    this.name = 'NoEntry'
    this.problem = problem
  }
}
