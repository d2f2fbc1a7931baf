// A small slice of `npm run faults`: each kind of misbehaving client, handler, disk and upstream.
import { injectFaults } from '../trials/faults'
import { recordProcessErrors } from './support/process-errors'

it('treats each kind of fault as it has to, and good clients beside it', async () => {
  // Failures after the beginning of an answer are logged, as they should be.
  const log = jest.spyOn(console, 'error').mockImplementation(() => {})
  const errors = await recordProcessErrors(async () => {
    const { faults, kinds } = await injectFaults(1)
    expect(faults).toBe(2 * kinds)
  })
  log.mockRestore()
  expect(errors).toEqual([])
})
