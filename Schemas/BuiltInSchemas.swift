/// The JSON Schemas of every document that the tool reads or writes.
package enum BuiltInSchemas {}
