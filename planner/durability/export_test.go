package durability

// Batches is the number of batches, for tests of their spread.
const Batches = batches
