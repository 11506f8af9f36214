"""How is a body read? What all sources share: documents, fields, times, words for severity and status."""
