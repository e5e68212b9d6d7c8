import Diagnostics
import Files
import Glibc
import Tensors

/// Writes a checkpoint as safetensors files of a bounded size and an index of them. All files get
/// their names at the end, the index last; when there is one alone, it needs no index.
package struct ShardedSafetensorsWriter: CheckpointWriter, ~Copyable {
  /// The order in which the tensors' bytes have to come.
  package var order: [StoredTensor] { progress.tensors }
  private let folder: String
  private let plan: SafetensorsShards
  private let metadata: [String: String]
  private let replacing: Bool
  /// The files begun so far; the last one is being written, the others are closed.
  private var files: [AtomicFile]
  /// How many tensors of the last file are written.
  private var writtenOfFile = 0
  private var progress: WritingOrder

  /// The files that there will be, the index among them.
  package var names: [String] { plan.names + (plan.indexName.map { [$0] } ?? []) }

  /// - Parameters:
  ///   - destination: `FOLDER/model.safetensors`, from which all names are made.
  ///   - entries: in the order in which they fill the files.
  ///   - largestByteCount: of the tensors in one file.
  /// - Throws: `cannot-create`, `duplicate-tensor`, `over-limit`, `usage`.
  package init(
    destination: String, entries: [StoredTensor], metadata: [String: String],
    largestByteCount: Int, replacing: Bool
  ) throws {
    let name = destination.lastPathComponent
    guard name.utf8.count > 12, name.utf8.suffix(12).elementsEqual(".safetensors".utf8) else {
      throw Fault(
        .usage, "shards are named after a file that ends with .safetensors",
        at: .init(file: destination))
    }
    guard largestByteCount > 0 else {
      throw Fault(.usage, "a shard needs room for at least one byte")
    }
    let stem = String(decoding: name.utf8.dropLast(12), as: UTF8.self)
    let folder = destination.deletingLastPathComponent
    // Refuses names given twice, which two shards would hide.
    _ = try SafetensorsWriter.sorted(entries)
    let plan = try SafetensorsShards(of: entries, largestByteCount: largestByteCount, stem: stem)
    // A mixture of two checkpoints would be none.
    if !replacing, let present = plan.parts(in: folder).first {
      throw Fault(
        .cannotCreate, "a file of another checkpoint of this name exists already",
        at: .init(file: folder.appendingPathComponent(present)),
        remedy: "choose another name, or say --force to replace it")
    }
    let first = try plan.beginFile(0, in: folder, metadata: metadata, replacing: replacing)
    files = [first]
    progress = WritingOrder(plan.shards.flatMap { $0 })
    self.folder = folder
    self.plan = plan
    self.metadata = metadata
    self.replacing = replacing
  }

  /// Writes the bytes of the next tensor in ``order``.
  ///
  /// - Throws: `write-failed`.
  package mutating func write(_ bytes: RawSpan) throws {
    _ = try progress.next(
      byteCount: bytes.byteCount, to: files[files.count - 1].destination)
    if writtenOfFile == plan.shards[files.count - 1].count {
      try files[files.count - 1].finish()
      files.append(
        try plan.beginFile(files.count, in: folder, metadata: metadata, replacing: replacing))
      writtenOfFile = 0
    }
    try files[files.count - 1].write(bytes)
    writtenOfFile += 1
  }

  /// Gives the finished files their names, and removes what a replaced checkpoint leaves over.
  ///
  /// - Throws: `write-failed`, `cannot-create`; no new file is left behind then.
  package consuming func commit() throws {
    try progress.checkComplete(files[0].destination)
    var all = files
    if let indexName = plan.indexName {
      let path = folder.appendingPathComponent(indexName)
      let file = try AtomicFile(destination: path, replacing: replacing)
      try file.write(plan.index.text(.indented))
      all.append(file)
    }
    var committed: [AtomicFile] = []
    do {
      for file in all {
        try file.commit()
        committed.append(file)
      }
    } catch {
      if !replacing { for file in committed { unlink(file.destination) } }
      throw error
    }
    if replacing {
      for name in plan.parts(in: folder) where !names.contains(name) {
        unlink(folder.appendingPathComponent(name))
      }
    }
  }
}
