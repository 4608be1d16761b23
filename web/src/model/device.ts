// The devices that the account is logged in on.
import type { Context } from './context'

export interface DeviceRow {
  sessionId: string
  /** What the browser or program called itself at the login. */
  device: string
  /** ms since 1970 */
  createTime: number
  lastUsedTime: number
  current: boolean
}

export interface Devices {
  list: () => Promise<DeviceRow[]>
  end: (sessionId: string) => Promise<void>
  endOthers: () => Promise<void>
}

export const createDevices = ({ link: { client } }: Context): Devices => ({
  list: async () => (await client.get('/api/user/sessions', {})).list,
  end: async (sessionId) => {
    await client.post('/api/user/end_session', { sessionId })
  },
  endOthers: async () => {
    await client.post('/api/user/end_other_sessions', {})
  },
})
