// The parts of the settings, by their address.
export const parts: readonly string[] = ['profile', 'general', 'notifications', 'password', 'devices', 'about']
