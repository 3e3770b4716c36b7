import assert from 'node:assert/strict'
import { test } from 'node:test'
import { previewLabels, previewOf } from './preview-labels.ts'

test('labels tell which preview a container is of; without a name of a repository, of the nameless one', () => {
  assert.deepEqual(previewLabels('pr-7'), { 'lotan.tag': 'pr-7' })
  assert.deepEqual(previewLabels('api/pr-7'), { 'lotan.repository-name': 'api', 'lotan.tag': 'pr-7' })
  for (const id of ['pr-7', 'api/pr-7']) assert.equal(previewOf({ ...previewLabels(id), 'lotan.generation': '1' }), id)
  assert.equal(previewOf({ 'lotan.instance': '0a1b2c3d' }), undefined)
})
