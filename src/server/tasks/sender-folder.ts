/** Stands for the sender's folder in what a worker tells of files; the sender knows the true one. */
export const senderFolder = 'sender:';
