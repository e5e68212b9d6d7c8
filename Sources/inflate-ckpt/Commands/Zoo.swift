import ArgumentParser
import Diagnostics
import Documents
import ModelZoo

struct Zoo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo",
    abstract: "Lists known checkpoints and fetches them from a mirror, offline.",
    subcommands: [List.self, Fetch.self])

  /// The entries to choose from and the mirrors to look in.
  struct Places: ParsableArguments {
    @Option(
      name: .customLong("zoo"), parsing: .singleValue,
      help: ArgumentHelp("A folder of your own entries; may be repeated.", valueName: "folder"))
    var folders: [String] = []

    @Option(
      name: .customLong("mirror"), parsing: .singleValue,
      help: ArgumentHelp(
        "A folder that holds checkpoints; may be repeated, tried in order.", valueName: "folder"))
    var mirrorFolders: [String] = []

    func catalogue() throws -> Catalogue { try Catalogue(folders: folders) }
    var mirrors: [any Mirror] { mirrorFolders.map(FolderMirror.init) }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Shows the known checkpoints and where they are.")

    @OptionGroup var places: Places
    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let listing = try Listing(
        places.catalogue().entries, store: Store(folder: Store.defaultFolder()),
        mirrors: places.mirrors)
      if json {
        try StandardOutput.write(listing.document)
        return
      }
      var table = TextTable(Listing.columns.map { ($0, $0 == "size" ? .right : .left) })
      for row in listing.rows { table.add(row.cells) }
      try StandardOutput.write(table.text)
    }
  }

  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fetch",
      abstract: "Brings a checkpoint over from a mirror and checks that it is what it claims.",
      discussion: """
        Nothing but the mirrors you name is ever contacted. A file appears only once its size and \
        SHA-256 are right.
        """)

    @Argument(help: ArgumentHelp("Ids of the checkpoints.", valueName: "id"))
    var ids: [String]

    @OptionGroup var places: Places

    @Option(
      name: [.customShort("o"), .long],
      help: ArgumentHelp(
        "Put the files into this folder instead of the store.", valueName: "folder"))
    var output: String?

    @Flag(help: "Replace files that differ from the entry.")
    var force = false

    func run() throws {
      let catalogue = try places.catalogue()
      let store =
        try output.map { Store(folder: $0, layout: .flat) }
        ?? Store(folder: Store.defaultFolder())
      for id in ids {
        let entry = try catalogue.entry(ZooName(id))
        let fetched = try store.fetch(entry, from: places.mirrors, replacing: force) { progress in
          ProgressLine("\(progress.file): byte").update(progress.bytesDone, progress.byteCount)
        }
        for file in fetched {
          let origin = file.source.map { "from \($0)" } ?? "already there"
          try StandardOutput.write(
            "\(printable(file.path, limit: 4096))  \(byteCountText(file.byteCount))  "
              + "\(printable(origin, limit: 4096))\n")
        }
      }
    }
  }
}
