// A conversation's name, as the client has it.
export * from '../client/key'
