var user_details =  {
  "screen_name" : "RiverbendParks",
  "location" : "Riverbend, CA",
  "full_name" : "Riverbend Parks",
  "bio" : "Parks & pools. https:\/\/t.co\/abc",
  "id" : "910000000000000001",
  "created_at" : "2012-05-01 16:00:00 +0000"
}
