// Conversations and messages.
export default {}
