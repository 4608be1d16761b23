// Who may be where.
import { expect, it } from 'vitest'
import type { RouteLocation } from 'vue-router'
import { rightPlace } from './router'

type State = Parameters<typeof rightPlace>[0]['session']['state']

const place = (state: State, to: Partial<RouteLocation>) =>
  rightPlace({ session: { state } }, { meta: {}, query: {}, fullPath: '/', ...to } as RouteLocation)

it('who is logged out goes to the login and comes back to where they wanted', () => {
  expect(place('out', { meta: { tab: 'chat' }, fullPath: '/chat/u:1?at=3' })).toEqual({ path: '/login', query: { next: '/chat/u:1?at=3' } })
  expect(place('in', { query: { next: '/chat/u:1?at=3' } })).toBe('/chat/u:1?at=3')
})

it('nobody is led away from the page', () => {
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    expect(place('in', { query: { next } }), next).toBe('/chat')
  }
})

it('what was opened stays while it is found out who is here', () => {
  expect(place('starting', { meta: { tab: 'settings' }, fullPath: '/settings' })).toBe(true)
})
